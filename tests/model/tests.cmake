weigh_test(model
  FILES model/builder_test.cpp model/count_test.cpp model/dtype_test.cpp model/model_test.cpp model/roles_test.cpp model/shapes_test.cpp model/size_expression_test.cpp
  ROOMS conventions model bytes)
