/* What a server has, joins and tokens, from C; against the server that tests/real/with_clickhouse.py starts. */
#include "check.h"

static char address[256];
static flatbed_error* error = NULL;

static int32_t no_token(void* user_data, char* token, size_t size) {
  ++*(int*)user_data;
  snprintf(token, size, "no token at all");
  return 0;
}

static int32_t fails(void* user_data, char* token, size_t size) {
  (void)user_data, (void)token, (void)size;
  return 1;
}

static void lists(const flatbed_context* context) {
  flatbed_databases* databases = NULL;
  flatbed_columns* columns = NULL;
  flatbed_options* options = NULL;
  flatbed_database_info database = FLATBED_DATABASE_INFO_INIT;
  flatbed_column_info column = FLATBED_COLUMN_INFO_INIT;
  flatbed_receipt* receipt = NULL;
  const char* file = write_file("listed.csv", "id,name\n1,ann\n2,bob\n");
  char table[300];
  snprintf(table, sizeof table, "%s/capi_listed", address);
  CHECK_OK(flatbed_options_new(&options, &error));
  CHECK_OK(flatbed_options_set(options, "create", "true", &error));
  CHECK_OK(flatbed_options_set(options, "order_by", "id", &error));
  CHECK_OK(flatbed_copy(context, file, NULL, table, options, NULL, &receipt, &error));
  flatbed_receipt_free(receipt);
  flatbed_options_free(options);
  CHECK_OK(flatbed_databases_open(context, address, NULL, &databases, &error));
  CHECK(flatbed_databases_get(databases, 0, &database) == 1);
  CHECK(database.name != NULL && database.tables >= 1);
  CHECK(flatbed_databases_get(databases, 100000, &database) == 0);
  flatbed_databases_free(databases);
  CHECK_OK(flatbed_columns_open(context, table, NULL, &columns, &error));
  CHECK(flatbed_columns_get(columns, 0, &column) == 1);
  CHECK_TEXT(column.table, "capi_listed");
  CHECK_TEXT(column.name, "id");
  CHECK(column.in_primary_key == 1);
  CHECK(flatbed_columns_get(columns, 1, &column) == 1);
  CHECK_TEXT(column.name, "name");
  CHECK(column.in_primary_key == 0);
  CHECK(flatbed_columns_get(columns, 2, &column) == 0);
  flatbed_columns_free(columns);
}

static void joins(const flatbed_context* context) {
  flatbed_join* join = NULL;
  const char* text = NULL;
  double score = 0;
  CHECK_OK(flatbed_join_new(&join, &error));
  CHECK_OK(flatbed_join_table(join, "capi_listed AS a", &error));
  CHECK_OK(flatbed_join_table(join, "left capi_listed AS b", &error));
  CHECK(flatbed_join_sql(join, &text, NULL) == FLATBED_USAGE);
  CHECK_OK(flatbed_join_look_up(join, context, address, NULL, &error));
  CHECK(flatbed_join_proposal(join, 0, &text, &score) == 1 && score > 0);
  CHECK(flatbed_join_proposal(join, 1000, &text, &score) == 0);
  CHECK_OK(flatbed_join_key(join, "a.id = b.id", &error));
  CHECK_OK(flatbed_join_column(join, "b.name AS other", &error));
  CHECK_OK(flatbed_join_set(join, "limit", "1", &error));
  CHECK(flatbed_join_set(join, "limt", "1", NULL) == FLATBED_UNKNOWN_OPTION);
  CHECK_OK(flatbed_join_sql(join, &text, &error));
  CHECK_TEXT(text,
             "SELECT\n    `b`.`name` AS `other`\nFROM `default`.`capi_listed` AS `a`\n"
             "LEFT JOIN `default`.`capi_listed` AS `b` ON `a`.`id` = `b`.`id`\nLIMIT 1\nSETTINGS join_use_nulls = 1");
  flatbed_join_free(join);
}

static void asks_for_tokens(const flatbed_context* context) {
  flatbed_options* options = NULL;
  flatbed_tables* tables = NULL;
  int asked = 0;
  CHECK_OK(flatbed_options_new(&options, &error));
  CHECK_OK(flatbed_options_token(options, no_token, &asked, &error));
  CHECK(flatbed_tables_open(context, address, options, &tables, &error) == FLATBED_AUTH);
  CHECK(asked == 1 && strstr(flatbed_error_text(error), "no token at all") == NULL);
  flatbed_error_free(error);
  CHECK_OK(flatbed_options_token(options, fails, NULL, &error));
  CHECK(flatbed_tables_open(context, address, options, &tables, NULL) == FLATBED_AUTH);
  flatbed_options_free(options);
}

static void compares(const flatbed_context* context) {
  char target[400];
  flatbed_options* options = NULL;
  flatbed_receipt* receipt = NULL;
  flatbed_difference* found = NULL;
  snprintf(target, sizeof target, "%s/capi_compared", address);
  const char* path = write_file("compared.csv", "id,name\n1,ann\n");
  CHECK_OK(flatbed_options_new(&options, &error));
  CHECK_OK(flatbed_options_set(options, "create", "true", &error));
  CHECK_OK(flatbed_difference_open(context, path, NULL, target, options, NULL, &found, &error));
  CHECK(strstr(flatbed_difference_json(found), "\"exists\": false") != NULL);
  flatbed_difference_free(found);
  CHECK_OK(flatbed_copy(context, path, NULL, target, options, NULL, &receipt, &error));
  flatbed_receipt_free(receipt);
  path = write_file("compared.csv", "id,note\n1,ann\n");
  CHECK_OK(flatbed_difference_open(context, path, NULL, target, options, NULL, &found, &error));
  CHECK(strstr(flatbed_difference_json(found), "\"name\": \"note\"") != NULL);
  CHECK(strstr(flatbed_difference_json(found), "\"fit\": \"refused\"") != NULL);
  CHECK(strstr(flatbed_difference_json(found), "\"problem\": \"FB-CH-0103") != NULL);
  flatbed_difference_free(found);
  CHECK(flatbed_difference_open(context, path, NULL, NULL, NULL, NULL, &found, NULL) == FLATBED_USAGE);
  flatbed_options_free(options);
}

static void proves(const flatbed_context* context) {
  char target[400];
  flatbed_options* options = NULL;
  flatbed_receipt* receipt = NULL;
  flatbed_proof* proof = NULL;
  snprintf(target, sizeof target, "%s/capi_proof", address);
  const char* path = write_file("proof.csv", "id,name\n1,ann\n2,bob\n");
  CHECK_OK(flatbed_options_new(&options, &error));
  CHECK_OK(flatbed_options_set(options, "create", "true", &error));
  CHECK_OK(flatbed_options_set(options, "order_by", "id", &error));
  CHECK_OK(flatbed_copy(context, path, NULL, target, options, NULL, &receipt, &error));
  CHECK_OK(flatbed_verify(context, flatbed_receipt_json(receipt), NULL, NULL, NULL, &proof, &error));
  CHECK(flatbed_proof_holds(proof) == 1);
  CHECK(strstr(flatbed_proof_json(proof), "\"holds\": true") != NULL);
  flatbed_proof_free(proof);
  CHECK_OK(flatbed_undo(context, flatbed_receipt_json(receipt), NULL, NULL, NULL, 1, &proof, &error));
  CHECK(flatbed_proof_holds(proof) == 0);
  CHECK(strstr(flatbed_proof_json(proof), "\"rows\": 2") != NULL);
  flatbed_proof_free(proof);
  CHECK_OK(flatbed_undo(context, flatbed_receipt_json(receipt), NULL, NULL, NULL, 0, &proof, &error));
  CHECK(flatbed_proof_holds(proof) == 1);
  flatbed_proof_free(proof);
  CHECK_OK(flatbed_verify(context, flatbed_receipt_json(receipt), NULL, NULL, NULL, &proof, &error));
  CHECK(flatbed_proof_holds(proof) == 0);
  flatbed_proof_free(proof);
  CHECK(flatbed_verify(context, "no load", NULL, NULL, NULL, &proof, NULL) == FLATBED_NOT_FOUND);
  flatbed_receipt_free(receipt);
  flatbed_options_free(options);
}

int main(int argc, char** argv) {
  const char* url = getenv("FLATBED_TEST_CLICKHOUSE");
  flatbed_context* context = NULL;
  if (argc > 1) folder = argv[1];
  if (url == NULL) {
    const char* without = getenv("FLATBED_TEST_NO_SERVER");
    fprintf(stderr, "needs the server of tests/real/with_clickhouse.py\n");
    return without == NULL || strcmp(without, "1") != 0;
  }
  snprintf(address, sizeof address, "clickhouse%s/default", url + strlen("http"));
  CHECK_OK(flatbed_context_new(&context, &error));
  lists(context);
  joins(context);
  asks_for_tokens(context);
  compares(context);
  proves(context);
  flatbed_context_free(context);
  return failures != 0;
}
