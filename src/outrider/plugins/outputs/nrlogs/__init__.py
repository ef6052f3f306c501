"""New Relic's log API, as Fluent Bit's ``out_nrlogs`` (``plugins/out_nrlogs``)."""
