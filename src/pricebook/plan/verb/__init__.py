"""What can be done to a store: a module for each verb, with all that plans, rehearsals and resumes ask of it."""
