"""In: nothing; out: how tables are kept apart by store: which have no store of their own, and why.

Every other table has `store_id` in its primary key and in every unique index, and carries it in every foreign key, so
that a row of one store cannot point at another's (decision 0050). Only these tables are exempt.
"""

# Tables that all stores read together; beyond one machine each has a copy of them (docs/scale.md).
REFERENCE = {
    "operator": "A person may work for several stores; what they may do in each stands in `operator_role`.",
    "store": "The stores themselves: `store_id` is the primary key. Names and public keys are unique among all stores.",
    "brand": "A customer's browser names a host before any store is known, and a host belongs to one store only.",
}
# Tables about the installation, not about a store; their `store_id` is null where no store is concerned.
LOCAL = {
    "operator_session": "A person's browser: the store on its screen changes.",
    "operator_link": "A person's one-time link, or that of the first administrator, who is nobody yet.",
    "operator_passkey": "A person's.",
    "operator_identity": "A person's, at their provider.",
    "operator_challenge": "A browser's, before it is known whose it is.",
    "metric_count": "Figures of the whole installation; `store_id` is null where no store is concerned.",
    "clock_seen": "One row: the clock that all workers trust.",
    "secret_check": "One row: by it a wrong secret key is known.",
    "worker_heartbeat": "A worker works for all stores.",
    "job_failure": "A job may work for all stores; `store_id` is null then.",
    "lookup_attempt": "A look-up by the number of an order names no store; who asks is counted for all of them.",
}
# The migrations' own table and the job queue's tables (those begin with its prefix) come from their libraries.
FOREIGN = {"alembic_version": "Alembic's: the revision of the schema."}
QUEUE_PREFIX = "pgqueuer"

# The roles of the database, made by `paradeiro migrate` where it may (db/server/roles.py). Neither can sign in, neither
# is a superuser or bypasses policies. Whoever works on the database is one of three:
#
# - its owner, who signs in: migrates, and makes and drops the partitions of `reply` (`as_owner` in db/pool.py);
# - STORE_ROLE, for one store at a time (db/store_pool.py): every request once its caller is known (API, pages, VTEX's
#   doors). It sees the rows of the store that the transaction names, and none if it names none;
# - ALL_STORES_ROLE, for flows that work for all stores: claiming due packages and effects, sweeps, maintenance, jobs,
#   the command line, health, and what must be looked up before a store is known (a key, a session, a customer's token,
#   the address of a hook). Each connection of the pool begins with it.
STORE_ROLE = "paradeiro_store"
ALL_STORES_ROLE = "paradeiro_all_stores"
