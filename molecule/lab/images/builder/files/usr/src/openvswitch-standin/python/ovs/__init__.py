# Stands for the Python library.
