"""The sample company: 燎原数据, a fictitious vendor of data software, with 18 months of leads. Made from a seed."""
