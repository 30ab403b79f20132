"""Other people's transcripts in, the same observations, findings and report out.

A `Source` reads one format and says what each transcript shows; `scoring` writes the tables and
Inspect logs. `registry` knows the sources that come with the package, and those of other packages.
"""
