from flatbed.command import main

main()
