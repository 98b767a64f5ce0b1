"""The lake: facts and tables as partitioned Parquet, for questions over millions of persons."""
