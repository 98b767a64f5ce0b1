"""Opportunities 商机, POC, won and lost, payments 回款."""
