/* Errors, options and the lists of connectors through the C interface. */
#include "check.h"

static void tells_what_is_wrong(flatbed_context* context) {
  flatbed_error* error = NULL;
  flatbed_schema* schema = NULL;
  uint64_t number = 99;
  CHECK(flatbed_schema_open(context, "/nowhere/at-all.csv", NULL, &schema, &error) == FLATBED_NOT_FOUND);
  CHECK(schema == NULL);
  CHECK(flatbed_error_status(error) == FLATBED_NOT_FOUND);
  CHECK_TEXT(flatbed_error_code(error), "FB-SRC-0101");
  CHECK_TEXT(flatbed_error_uri(error), "/nowhere/at-all.csv");
  CHECK(strstr(flatbed_error_text(error), flatbed_error_message(error)) != NULL);
  CHECK(strstr(flatbed_error_json(error), "\"code\": \"FB-SRC-0101\"") != NULL);
  CHECK(flatbed_error_line(error, &number) == 0 && number == 99); /* unknown: not written */
  CHECK(flatbed_error_exit_code(error) == 4);
  flatbed_error_free(error);
  CHECK(flatbed_schema_open(context, "/nowhere/at-all.csv", NULL, &schema, NULL) == FLATBED_NOT_FOUND);
}

static void locates_a_value(flatbed_context* context) {
  const char* path = write_file("bad.csv", "id,amount\n1,10\n2,ten\n");
  const char* target = in_folder("bad_out.csv");
  flatbed_pipeline* pipeline = NULL;
  flatbed_receipt* receipt = NULL;
  flatbed_error* failed = NULL;
  uint64_t line = 0, byte = 0, record = 0;
  uint32_t column = 0;
  size_t size = 0;
  remove(target);
  CHECK_OK(flatbed_pipeline_new(context, &pipeline, &error));
  CHECK_OK(flatbed_pipeline_source(pipeline, path, NULL, &error));
  CHECK_OK(flatbed_pipeline_target(pipeline, target, NULL, &error));
  CHECK_OK(flatbed_pipeline_type(pipeline, "amount", "Int32", &error));
  CHECK(flatbed_pipeline_run(pipeline, &receipt, &failed) == FLATBED_NOT_OF_TYPE);
  CHECK(receipt == NULL);
  CHECK(flatbed_error_line(failed, &line) && line == 3);
  CHECK(flatbed_error_byte(failed, &byte) && byte == 17);
  CHECK(flatbed_error_record(failed, &record) && record == 1);
  CHECK(flatbed_error_column(failed, &column) && column == 1);
  CHECK_TEXT(flatbed_error_column_name(failed), "amount");
  CHECK_TEXT(flatbed_error_uri(failed), path);
  CHECK(strncmp(flatbed_error_raw(failed, &size), "2,ten", 5) == 0 && size == 5);
  flatbed_error_free(failed);
  CHECK(fopen(target, "rb") == NULL); /* nothing half-written */
  CHECK(flatbed_pipeline_run(pipeline, &receipt, NULL) == FLATBED_USAGE);
  flatbed_pipeline_free(pipeline);
}

static void checks_options(flatbed_context* context) {
  flatbed_options* options = NULL;
  flatbed_pipeline* pipeline = NULL;
  flatbed_schema* schema = NULL;
  flatbed_error* error = NULL;
  CHECK(flatbed_options_new(&options, NULL) == FLATBED_OK);
  CHECK(flatbed_options_set(options, "delimeter", ";", NULL) == FLATBED_OK);
  CHECK(flatbed_schema_open(context, "x.csv", options, &schema, &error) == FLATBED_UNKNOWN_OPTION);
  CHECK_TEXT(flatbed_error_hint(error), "did you mean \"delimiter\"?");
  flatbed_error_free(error);
  flatbed_options_free(options);
  CHECK(flatbed_pipeline_new(context, &pipeline, NULL) == FLATBED_OK);
  CHECK(flatbed_pipeline_set(pipeline, "on_reject", "shrug", &error) == FLATBED_BAD_OPTION);
  CHECK_TEXT(flatbed_error_expected(error), "one of fail|skip|divert");
  flatbed_error_free(error);
  CHECK(flatbed_pipeline_set(pipeline, "memory", "64M", NULL) == FLATBED_OK);
  CHECK(flatbed_pipeline_set(pipeline, "thread", "2", &error) == FLATBED_UNKNOWN_OPTION);
  CHECK_TEXT(flatbed_error_hint(error), "did you mean \"threads\"?");
  flatbed_error_free(error);
  CHECK(flatbed_pipeline_type(pipeline, "a", "Integer12", NULL) == FLATBED_BAD_TYPE);
  CHECK(flatbed_pipeline_source(NULL, "x", NULL, &error) == FLATBED_USAGE);
  flatbed_error_free(error);
  CHECK(flatbed_pipeline_source(pipeline, NULL, NULL, NULL) == FLATBED_USAGE);
  flatbed_pipeline_free(pipeline);
}

static void lists_connectors(flatbed_context* context) {
  flatbed_connector_info info = FLATBED_CONNECTOR_INFO_INIT;
  flatbed_option_info option = FLATBED_OPTION_INFO_INIT;
  int file = 0, delimiter = 0, memory = 0;
  for (size_t i = 0; flatbed_connector_get(context, i, &info); ++i) {
    file += strcmp(info.name, "file") == 0 && info.reads && info.writes && strcmp(info.schemes, "file") == 0;
  }
  for (size_t i = 0; flatbed_option_get(context, "file", i, &option); ++i) {
    delimiter += strcmp(option.name, "delimiter") == 0 && strcmp(option.type, "text") == 0 && !option.secret;
  }
  for (size_t i = 0; flatbed_option_get(context, "run", i, &option); ++i) {
    memory += strcmp(option.name, "memory") == 0 && strcmp(option.default_text, "256M") == 0;
  }
  CHECK(file == 1 && delimiter == 1 && memory == 1);
  CHECK(flatbed_option_get(context, "nothing", 0, &option) == 0);
  /* A caller built when the struct was shorter gets what it knows, and no byte more. */
  info.struct_size = offsetof(flatbed_connector_info, summary);
  info.summary = "untouched";
  CHECK(flatbed_connector_get(context, 0, &info) == 1);
  CHECK_TEXT(info.summary, "untouched");
}

int main(int argc, char** argv) {
  flatbed_context* context = NULL;
  if (argc > 1) folder = argv[1];
  CHECK_OK(flatbed_context_new(&context, &error));
  CHECK(flatbed_abi_version() == FLATBED_ABI_VERSION);
  CHECK(strlen(flatbed_version()) >= 5 && strlen(flatbed_kernel()) > 0);
  tells_what_is_wrong(context);
  locates_a_value(context);
  checks_options(context);
  lists_connectors(context);
  flatbed_context_free(context);
  flatbed_context_free(NULL);
  flatbed_error_free(NULL);
  return failures != 0;
}
