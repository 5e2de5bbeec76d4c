/* The dialect of files of several sizes. Prints what finding it takes, which is no test: capi_sniff FOLDER [FILE]. */
#include <time.h>

#include "check.h"

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double least_ms(const flatbed_context* context, const char* path, const char* delimiter) {
  double least = 1e9;
  for (int run = 0; run < 10; ++run) {
    flatbed_dialect* dialect = NULL;
    const double begin = now_ms();
    CHECK_OK(flatbed_sniff(context, path, NULL, &dialect, &error));
    const double took = now_ms() - begin;
    if (took < least) least = took;
    if (delimiter != NULL) CHECK_TEXT(flatbed_dialect_get(dialect, "delimiter"), delimiter);
    flatbed_dialect_free(dialect);
  }
  return least;
}

/* Writes a file of about `bytes` bytes. */
static const char* write_rows(const char* name, long bytes) {
  const char* path = in_folder(name);
  FILE* file = fopen(path, "wb");
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fputs("id;day;name;amount\n", file);
  for (long row = 1; ftell(file) < bytes; ++row)
    fprintf(file, "%ld;2013-01-%02ld;\"Town; of %ld\";%ld,5\n", row, row % 28 + 1, row, row * 7);
  fclose(file);
  return path;
}

int main(int count, char** arguments) {
  if (count > 1) folder = arguments[1];
  flatbed_context* context = NULL;
  CHECK_OK(flatbed_context_new(&context, &error));
  if (count > 2) {
    printf("%s: %.2f ms\n", arguments[2], least_ms(context, arguments[2], NULL));
  } else {
    const long sizes[] = {1L << 10, 1L << 16, 1L << 20, 1L << 24};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
      printf("%ld bytes: %.2f ms\n", sizes[i], least_ms(context, write_rows("sniffed.csv", sizes[i]), ";"));
    }
    remove(in_folder("sniffed.csv"));
  }
  flatbed_context_free(context);
  return failures != 0;
}
