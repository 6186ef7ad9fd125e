import type { Cluster } from './cluster.js';
import { GaleraCluster } from './galera.js';
import { GroupCluster } from './group.js';
import type { ClusterSpec } from './node.js';

/** Returns the cluster that a spec describes. */
export function clusterOf(spec: ClusterSpec): Cluster {
  return spec.kind === 'galera' ? new GaleraCluster(spec) : new GroupCluster(spec);
}
