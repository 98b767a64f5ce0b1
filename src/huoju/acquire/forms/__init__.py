"""Forms 表单: the standard form engine; submissions are stored before they are answered."""
