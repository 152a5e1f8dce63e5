"""The database: engine, tables, migrations."""

from photoplay.db.clock import shared_clock as shared_clock
from photoplay.db.engine import link_arguments as link_arguments
from photoplay.db.engine import make_engine as make_engine
from photoplay.db.engine import reading as reading
from photoplay.db.engine import writing as writing
from photoplay.db.migrate import migrate as migrate
