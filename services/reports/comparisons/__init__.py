"""How customers' statements compare with our books, as documents: PDF, Excel, CSV, HTML and JSON."""
