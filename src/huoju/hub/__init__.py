"""The marketing data hub 营销数据中台: one person, one profile."""
