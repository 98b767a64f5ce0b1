"""MQL recognition 市场认可: versioned criteria, by rule and by hand."""
