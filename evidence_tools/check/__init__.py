"""What may be said: pages, numbers, bindings, wording, audits of other pages, built pages."""
