"""Evidence: what a trial shows. Facts from the journal, and the table of observations."""
