/* Each program of the stand-in: says its version; makes a database that is an empty file. */
#include <stdio.h>
#include <string.h>

int
main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[argc - 3], "create")) {
        FILE *database = fopen(argv[argc - 2], "w");
        return !database || fclose(database);
    }
    printf("%s (Open vSwitch) %s\n", strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0], VERSION);
    return 0;
}
