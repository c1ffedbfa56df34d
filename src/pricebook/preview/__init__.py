"""Bills before and after: contracts in absolute terms, invoices, and why each line says what it says. Pure."""
