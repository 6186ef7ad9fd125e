import type { Cluster } from './cluster.js';
import { GaleraCluster } from './galera.js';
import { GroupCluster } from './group.js';
import type { ClusterSpec } from './node.js';

/** The cluster of a spec. */
export function clusterOf(spec: ClusterSpec): Cluster {
  return spec.kind === 'galera' ? new GaleraCluster(spec) : new GroupCluster(spec);
}
