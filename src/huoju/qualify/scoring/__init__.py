"""Lead scoring 线索评分: fit and engagement, explained line by line."""
