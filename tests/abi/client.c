/* A client as it may have been built years ago: tests/abi/check.sh compiles it from the first header and runs it. */
#include <flatbed.h>
#include <stdio.h>
#include <string.h>

static int count_records(const char* text) {
  flatbed_csv_reader* reader = NULL;
  int32_t has_record = 1;
  size_t fields = 0;
  int records = 0;
  if (flatbed_csv_reader_open_memory(text, strlen(text), NULL, &reader, NULL) != FLATBED_OK) return -1;
  while (flatbed_csv_reader_next(reader, &has_record, &fields, NULL) == FLATBED_OK && has_record) ++records;
  flatbed_csv_reader_free(reader);
  return records;
}

int main(void) {
  flatbed_context* context = NULL;
  flatbed_schema* schema = NULL;
  flatbed_error* error = NULL;
  if (flatbed_context_new(&context, &error) != FLATBED_OK) return 1;
  if (flatbed_schema_open(context, "/nowhere/at-all.csv", NULL, &schema, &error) != FLATBED_NOT_FOUND) return 1;
  printf("%d records, %s, libflatbed %d\n", count_records("a,b\n1,2\n3,4\n5,6\n"), flatbed_error_code(error),
         (int)flatbed_abi_version());
  flatbed_error_free(error);
  flatbed_context_free(context);
  return 0;
}
