weigh_test(bytes
  FILES bytes/ahead_test.cpp bytes/cursor_test.cpp bytes/digits_test.cpp bytes/folder_test.cpp bytes/source_test.cpp
        bytes/stop_test.cpp bytes/tables_test.cpp
  ROOMS bytes)
