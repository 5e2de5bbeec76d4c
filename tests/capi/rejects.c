/* Rows that do not fit, through the C interface: the catalogue of codes, a check, a quarantine and its replay. */
#include "check.h"

static void explains_every_code(void) {
  flatbed_code_info info = FLATBED_CODE_INFO_INIT;
  size_t codes = 0;
  for (; flatbed_code_get(codes, &info); ++codes) {
    CHECK(strncmp(info.name, "FB-", 3) == 0);
    CHECK(strlen(info.summary) > 5 && strlen(info.cause) > 5 && strlen(info.action) > 5);
  }
  CHECK(codes > 50);
  CHECK(flatbed_code_find("fb-type-0102", &info) && info.status == FLATBED_NOT_OF_TYPE);
  CHECK(flatbed_code_find("FB-FIX-0101", &info) && info.status == FLATBED_PADDED);
  CHECK(flatbed_code_find("FB-QUA-0101", &info) && info.status == FLATBED_NO_QUARANTINE);
  CHECK(!flatbed_code_find("FB-NONE-0001", &info));
}

static flatbed_pipeline* from_to(flatbed_context* context, const char* source, const char* target) {
  flatbed_pipeline* pipeline = NULL;
  CHECK(flatbed_pipeline_new(context, &pipeline, NULL) == FLATBED_OK);
  CHECK(flatbed_pipeline_source(pipeline, source, NULL, NULL) == FLATBED_OK);
  CHECK(flatbed_pipeline_target(pipeline, target, NULL, NULL) == FLATBED_OK);
  CHECK(flatbed_pipeline_type(pipeline, "n", "UInt8", NULL) == FLATBED_OK);
  return pipeline;
}

static void checks_without_writing(flatbed_context* context) {
  const char* source = write_file("checked.csv", "n\n1\nx\n007\n300\n");
  const char* target = in_folder("checked_out.csv");
  flatbed_receipt* receipt = NULL;
  flatbed_error* failed = NULL;
  flatbed_receipt_info counts = FLATBED_RECEIPT_INFO_INIT;
  size_t size = 0;
  flatbed_pipeline* pipeline = from_to(context, source, target);
  CHECK(flatbed_pipeline_set(pipeline, "check", "true", NULL) == FLATBED_OK);
  CHECK(flatbed_pipeline_run(pipeline, &receipt, NULL) == FLATBED_OK);
  flatbed_receipt_get(receipt, &counts);
  CHECK(counts.read == 4 && counts.loaded == 2 && counts.rejected == 2);
  CHECK(strstr(flatbed_receipt_json(receipt), "\"checked\": true") != NULL);
  CHECK(strstr(flatbed_receipt_json(receipt), "FB-TYPE-0106") != NULL);
  CHECK(fopen(target, "rb") == NULL);
  flatbed_receipt_free(receipt);
  flatbed_pipeline_free(pipeline);
  pipeline = from_to(context, source, target);
  CHECK(flatbed_pipeline_run(pipeline, &receipt, &failed) == FLATBED_NOT_OF_TYPE);
  CHECK(strcmp(flatbed_error_found(failed, &size), "x") == 0 && size == 1);
  flatbed_error_free(failed);
  flatbed_pipeline_free(pipeline);
}

static void replays_a_quarantine(flatbed_context* context) {
  const char* source = write_file("some.csv", "n\n1\nx\n3\n");
  const char* folder_path = in_folder("put_aside");
  flatbed_quarantine* quarantine = NULL;
  flatbed_receipt* receipt = NULL;
  flatbed_error* failed = NULL;
  flatbed_receipt_info counts = FLATBED_RECEIPT_INFO_INIT;
  flatbed_pipeline* pipeline = NULL;
  for (const char* const* name = (const char* const[]){"rows.csv", "rejects.jsonl", "load.json", "replays.jsonl", NULL};
       *name != NULL; ++name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder_path, *name);
    remove(path);
  }
  remove(folder_path);
  remove(in_folder("some_out.csv"));
  remove(in_folder("more_out.csv"));
  CHECK(flatbed_quarantine_open(folder_path, &quarantine, &failed) == FLATBED_NO_QUARANTINE);
  flatbed_error_free(failed);
  pipeline = from_to(context, source, in_folder("some_out.csv"));
  CHECK(flatbed_pipeline_set(pipeline, "quarantine", folder_path, NULL) == FLATBED_OK);
  CHECK(flatbed_pipeline_run(pipeline, &receipt, NULL) == FLATBED_OK);
  flatbed_receipt_free(receipt);
  flatbed_pipeline_free(pipeline);
  CHECK(flatbed_quarantine_open(folder_path, &quarantine, NULL) == FLATBED_OK);
  CHECK(strstr(flatbed_quarantine_json(quarantine), "\"open\": 1") != NULL);
  flatbed_quarantine_free(quarantine);
  write_file("put_aside/rows.csv", "n\n2\n");
  CHECK(flatbed_quarantine_replay(context, folder_path, NULL, NULL, &receipt, NULL) == FLATBED_USAGE);
  CHECK(flatbed_quarantine_replay(context, folder_path, in_folder("more_out.csv"), NULL, &receipt, NULL) == FLATBED_OK);
  flatbed_receipt_get(receipt, &counts);
  CHECK(counts.read == 1 && counts.loaded == 1);
  flatbed_receipt_free(receipt);
}

static void profiles_a_file(flatbed_context* context) {
  const char* source = write_file("profiled.csv", "n\n1\n300\n\\N\n");
  flatbed_profile* profile = NULL;
  CHECK(flatbed_profile_open(context, source, NULL, 0, &profile, NULL) == FLATBED_OK);
  CHECK(strstr(flatbed_profile_json(profile), "\"type\": \"Nullable(UInt16)\"") != NULL);
  CHECK(strstr(flatbed_profile_json(profile), "{\"line\": 3, \"value\": \"300\", \"type\": \"UInt16\"}") != NULL);
  flatbed_profile_free(profile);
}

int main(int argc, char** argv) {
  flatbed_context* context = NULL;
  if (argc > 1) folder = argv[1];
  CHECK(flatbed_context_new(&context, NULL) == FLATBED_OK);
  explains_every_code();
  checks_without_writing(context);
  replays_a_quarantine(context);
  profiles_a_file(context);
  flatbed_context_free(context);
  return failures != 0;
}
