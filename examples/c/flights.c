/* Loads a CSV file into a new table of an embedded ClickHouse and exports four columns of it, from C.
 *
 *   cc -std=c99 flights.c $(pkg-config --cflags --libs flatbed) -o flights
 *   ./flights ../flights.csv /tmp/flights
 *
 * The second argument is a folder to be made; the database lives in it. */
#include <flatbed.h>
#include <stdio.h>
#include <stdlib.h>

static flatbed_error* error = NULL;

/* Ends the program with the text of the error, unless a call worked. */
static void must(flatbed_status status) {
  if (status == FLATBED_OK) return;
  fprintf(stderr, "%s\n", flatbed_error_text(error));
  exit(flatbed_error_exit_code(error));
}

static void show_file(const flatbed_context* context, const char* path) {
  flatbed_dialect* dialect = NULL;
  flatbed_schema* schema = NULL;
  size_t column;
  must(flatbed_sniff(context, path, NULL, &dialect, &error));
  printf("delimiter: %s\ncolumns:\n", flatbed_dialect_get(dialect, "delimiter"));
  flatbed_dialect_free(dialect);
  must(flatbed_schema_open(context, path, NULL, &schema, &error));
  for (column = 0; column < flatbed_schema_size(schema); ++column) {
    printf("  %s %s\n", flatbed_schema_name(schema, column), flatbed_schema_type(schema, column));
  }
  flatbed_schema_free(schema);
}

static void load(const flatbed_context* context, const char* path, const char* table) {
  flatbed_options* options = NULL;
  flatbed_receipt* receipt = NULL;
  flatbed_receipt_info counts = FLATBED_RECEIPT_INFO_INIT;
  must(flatbed_options_new(&options, &error));
  must(flatbed_options_set(options, "create", "true", &error));
  must(flatbed_options_set(options, "order_by", "time_hour,carrier,flight", &error));
  must(flatbed_copy(context, path, NULL, table, options, NULL, &receipt, &error));
  flatbed_receipt_get(receipt, &counts);
  printf("read %llu, loaded %llu, rejected %llu\n", (unsigned long long)counts.read, (unsigned long long)counts.loaded,
         (unsigned long long)counts.rejected);
  flatbed_receipt_free(receipt);
  flatbed_options_free(options);
}

static void export_columns(const flatbed_context* context, const char* table, const char* path) {
  flatbed_options* run = NULL;
  flatbed_receipt* receipt = NULL;
  flatbed_receipt_info counts = FLATBED_RECEIPT_INFO_INIT;
  FILE* file = NULL;
  int c;
  must(flatbed_options_new(&run, &error));
  must(flatbed_options_set(run, "columns", "carrier,flight,dest,dep_delay", &error));
  must(flatbed_copy(context, table, NULL, path, NULL, run, &receipt, &error));
  flatbed_receipt_get(receipt, &counts);
  printf("exported %llu:\n", (unsigned long long)counts.loaded);
  flatbed_receipt_free(receipt);
  flatbed_options_free(run);
  file = fopen(path, "r");
  while (file != NULL && (c = getc(file)) != EOF) putchar(c);
  if (file != NULL) fclose(file);
}

int main(int argc, char** argv) {
  flatbed_context* context = NULL;
  char table[1024], out[1024];
  if (argc != 3) {
    fprintf(stderr, "usage: %s FILE FOLDER\n", argv[0]);
    return 1;
  }
  snprintf(table, sizeof table, "chdb:%s/clickhouse/demo/flights", argv[2]);
  snprintf(out, sizeof out, "%s/flights.tsv", argv[2]);
  must(flatbed_context_new(&context, &error));
  show_file(context, argv[1]);
  load(context, argv[1], table);
  export_columns(context, table, out);
  flatbed_context_free(context);
  return 0;
}
