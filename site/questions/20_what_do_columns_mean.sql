-- What do the columns of a relation mean?
select table_name, column_name, data_type, comment
from duckdb_columns()
where schema_name = 'metrics' and table_name = 'green_ratio'
order by column_index
