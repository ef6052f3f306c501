"""The filters, one package each."""
