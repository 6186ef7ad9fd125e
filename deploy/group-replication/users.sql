-- Each node makes these by itself, outside of the group's history. PASSWORD is replaced by that of the secrets.
ALTER USER 'root'@'localhost' IDENTIFIED BY 'PASSWORD';
CREATE DATABASE latchkey;
CREATE USER 'latchkey'@'%' IDENTIFIED BY 'PASSWORD';
GRANT ALL ON latchkey.* TO 'latchkey'@'%';
-- Hands a node what it missed.
CREATE USER 'recovery'@'%' IDENTIFIED BY 'PASSWORD';
GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO 'recovery'@'%';
-- For the health check of HAProxy, which can log in without a password alone. It may see who is in the group, and no other table.
CREATE USER 'haproxy'@'%';
GRANT SELECT ON performance_schema.replication_group_members TO 'haproxy'@'%';
