#!/bin/sh
# Makes the login role of the pool at the first start.  It may call what agents call, and is no agent itself.
psql -v ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" -v password="$POOL_PASSWORD" <<'SQL'
CREATE ROLE pool LOGIN PASSWORD :'password' IN ROLE agentry_agent;
SQL
