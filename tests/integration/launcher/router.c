/* A router for images that have nothing else: prints its process id, its arguments and its configuration. */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    printf("pid %d\n", (int)getpid());
    for (int i = 0; i < argc; i++)
        printf("argument %s\n", argv[i]);
    FILE *config = argc > 2 ? fopen(argv[2], "r") : NULL;
    if (config == NULL)
        return 3;
    for (int c = getc(config); c != EOF; c = getc(config))
        putchar(c);
    return 0;
}
