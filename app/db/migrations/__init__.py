"""The steps from an empty database to today's tables; `versions/` has one file each, `app.db.migrate` takes them."""
