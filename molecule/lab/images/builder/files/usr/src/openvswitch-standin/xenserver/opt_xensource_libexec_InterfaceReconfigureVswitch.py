# Stands for the replacement of the host script.
