-- For the health check of HAProxy, which can log in without a password alone. It may see the state of the server, and no table.
CREATE USER 'haproxy'@'%';
