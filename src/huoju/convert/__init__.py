"""Convert 转化: sales follow up."""
