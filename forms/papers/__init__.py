"""Papers as .docx; the only home of docxtpl and python-docx."""
