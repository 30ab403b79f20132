"""An assistant marks its own work, in a record that decides on its future."""
