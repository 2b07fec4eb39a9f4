# The manual page and the completions, written by the program itself. Installed where man and the shells look.
find_program(GZIP gzip REQUIRED)
set(manual ${CMAKE_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${manual})

add_custom_command(OUTPUT ${manual}/weigh.1.gz ${manual}/weigh.bash ${manual}/_weigh ${manual}/weigh.fish
  COMMAND weigh_program man > ${manual}/weigh.1
  COMMAND ${GZIP} -9nf ${manual}/weigh.1
  COMMAND weigh_program completions bash > ${manual}/weigh.bash
  COMMAND weigh_program completions zsh > ${manual}/_weigh
  COMMAND weigh_program completions fish > ${manual}/weigh.fish
  DEPENDS weigh_program VERBATIM)
add_custom_target(weigh_manual ALL DEPENDS ${manual}/weigh.1.gz)

install(FILES ${manual}/weigh.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 ${for_users})
install(FILES ${manual}/weigh.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME weigh
        ${for_users})
install(FILES ${manual}/_weigh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions ${for_users})
install(FILES ${manual}/weigh.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d ${for_users})
