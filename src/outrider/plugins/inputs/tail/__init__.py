"""Lines of files, followed over rotation and restarts, as Fluent Bit's ``tail``; nothing is skipped or read twice."""
