"""Global search: Chinese by part, pinyin, numbers."""
