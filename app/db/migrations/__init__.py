"""The steps from an empty database to today's tables; `versions/` holds one file per step, `app.db.migrate` takes them."""
