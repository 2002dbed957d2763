"""The layer over SpiffWorkflow; the only home of SpiffWorkflow and lxml."""
