# cmake --install: the executable, kubectl's plugin names, completion scripts, man pages, documents. The component `share`
# is all but the executable; packaging/release puts that of each architecture beside it.
include(GNUInstallDirs)
set(share ${CMAKE_BINARY_DIR}/share)
add_custom_command(TARGET hello_docs POST_BUILD COMMAND hello_docs ${share} VERBATIM)
install(CODE "execute_process(COMMAND \"${CMAKE_COMMAND}\" --build \"${CMAKE_BINARY_DIR}\" --target hello_docs OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)"
  COMPONENT share)
install(TARGETS hello RUNTIME COMPONENT executable)
foreach(link kubectl-hello kubectl_complete-hello)
  install(CODE "file(CREATE_LINK hello \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/${link}\" SYMBOLIC)" COMPONENT executable)
endforeach()
install(FILES ${share}/completions/hello.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME hello COMPONENT share)
install(FILES ${share}/completions/_hello DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT share)
install(FILES ${share}/completions/hello.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT share)
install(DIRECTORY ${share}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT share FILES_MATCHING PATTERN *.1)
install(DIRECTORY ${share}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT share FILES_MATCHING PATTERN *.5)
install(FILES LICENSE CHANGELOG.md packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/hello COMPONENT share)
install(FILES Jenkinsfile DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/hello/examples COMPONENT share)
install(DIRECTORY docs/monitoring DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/hello/examples COMPONENT share)
