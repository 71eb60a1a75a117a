# CPack's configuration of the Debian package; packaging/deb lays out STAGE, and says ARCH
set(CPACK_PACKAGE_NAME hello-deploy)
set(CPACK_PACKAGE_VERSION "$ENV{HELLO_VERSION}")
set(CPACK_PACKAGE_FILE_NAME hello-deploy) # DEB-DEFAULT below names the file
set(CPACK_PACKAGE_CONTACT "$ENV{HELLO_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "small web service and its Kubernetes deployer")
set(CPACK_PACKAGE_DESCRIPTION "hello shows a message as text, JSON or HTML, and deploys itself to Kubernetes:
it shows a plan, applies it, waits for the rollout and rolls back on failure.
One static executable, which also answers 'kubectl hello'.")
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "$ENV{HELLO_URL}")
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE $ENV{ARCH})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_CONFLICTS hello)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_INSTALLED_DIRECTORIES $ENV{STAGE} .)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
