"""The admin web page: reads the database, asks for changes through its verbs. `dashboard.routes` lists every route."""
