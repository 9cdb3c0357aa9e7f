-- A commit that says that it updates a package.
--
-- grain: source, revision, attr
-- column: source | Whose history it is in.
-- column: revision | The commit, 40 hex digits.
-- column: attr | Attribute as the author of the commit wrote it.
-- column: from_version | Version before, as the author wrote it.
-- column: to_version | Version after.
-- column: committed_at | Instant of the commit.
-- column: is_on_main_branch | Whether the commit is on the branch that the unstable channels follow; null: unknown.
select
    source,
    revision,
    attr,
    from_version,
    to_version,
    occurred_at as committed_at,
    is_on_main_branch
from log.package_updated
qualify row_number() over (
    partition by source, revision, attr order by occurred_at, from_version, to_version, is_on_main_branch
) = 1
