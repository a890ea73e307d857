"""The passwords of eight characters and more that are tried first."""

_IN_LOWER_CASE = """
00000000 0000000000 01234567 0123456789 11111111 1111111111 11223344 12121212 12123434 12312312
123123123 123321123 12341234 12344321 123454321 123456123 123456654321 12345678 123456789 1234567890
1234567891 12345678910 123456789a 12345678a 123456abc 123456qwerty 1234abcd 1234qwer 123abc123
123qweasd 123qweasdzxc 13131313 147258369 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc
1qazxsw2 20002000 22222222 23456789 33333333 44444444 55555555 66666666 741852963 76543210 77777777
789456123 87654321 88888888 963852741 98765432 987654321 9876543210 99999999 a1234567 a12345678
a123456789 aa123456 aaaaaaaa abc12345 abc123456 abcabcabc abcd1234 abcd12345 abcdefgh abcdefghi
admin123 admin1234 admin12345 adminadmin administrator alexander alexandra america1 anderson
andromeda angelica anthony1 aobo2010 asdasdasd asdf1234 asdfasdf asdfghjk asdfghjkl asdfghjkl1
asdqwe123 babygirl babygirl1 barcelona baseball baseball1 basketball batman123 benjamin bismillah
bitcoin1 brooklyn butterfly butterfly1 caroline catherine changeme changeme1 changeme123 charlie1
charlotte chelsea1 chicken1 chocolate christian christina christopher claudia1 computer computer1
consumer corvette courtney cristina daniel123 danielle default1 dolphin1 dragon123 drowssap elephant
elizabeth enterprise everything facebook facebook1 fernando flower123 football football1 forever1
freedom1 friends1 fuckyou1 fuckyou2 gabriela garfield george123 gfhjkm123 godzilla goodluck
google123 graduate guest123 gymnastics hannah123 harrypotter hello123 hello1234 hellohello
helloworld heymickey iloveyou iloveyou1 iloveyou12 iloveyou123 iloveyou2 internet isabella islander
jackson1 jasmine1 jennifer jennifer1 jessica1 jessica123 jonathan jordan23 justin123 killer123
kimberly kristina lasvegas lawrence letmein1 letmein123 letmeinnow liberty1 liverpool liverpool1
login123 lovelove lovely123 loveme123 loveyou1 madison1 manchester margaret marketing marlboro
master123 maverick mercedes metallica michael1 michael123 michelle michelle1 midnight minecraft
mohammed monkey123 mounta1n mountain mustang1 mynoob123 mypassword mypassword1 naruto123 nathaniel
newpassword nicholas nicole123 nintendo november october1 olivia123 p@$$w0rd p@ssw0rd p@ssw0rd1
p@ssword p@ssword1 pa$$w0rd pa$$word pa55word panasonic paradise passport passw0rd passw0rd1
password password! password0 password01 password1 password1! password10 password11 password12
password123 password1234 password12345 password2 password21 password22 password3 passwordpassword
patricia patrick1 penelope phoenix1 platinum playboy1 pokemon1 pokemon123 portugal princesa princess
princess1 princess123 professional purple123 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 qazwsx123 qazwsxedc
qazwsxedcrfv qwaszx123 qwe123qwe qweasd123 qweasdzxc qwer1234 qwerasdf qwert123 qwert12345 qwerty12
qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyqwerty qwertyui qwertyuiop qwertyuiop1
qwertyuiop123 qwqwqwqw rainbow1 realmadrid robert123 rockstar1 root1234 samantha samantha1 samsung1
samsung123 sandiego saturday savannah scarface scooby123 scorpion sebastian secret123 september
serenity shadow123 simpsons slipknot slipknot1 snickers snowball snowboard soccer123 somebody
southpark spiderman spiderman1 spongebob startfinding starwars starwars1 steelers stephanie student1
student123 sunshine sunshine1 sunshine123 superman superman1 superman123 superstar swordfish
teacher1 teacher123 teddybear temp1234 temppass test1234 test12345 testing1 testing123 testtest
thailand thomas123 thunder1 thursday tinkerbell titanium together tomorrow trading1 trading123
trustno1 undertaker unicorn1 vacation valentina vanessa1 veronica victoria victoria1 virginia
volleyball warcraft warriors webmaster wednesday welcome1 welcome12 welcome123 welcome1234 whatever
whatever1 william1 williams winston1 winter123 woaini1314 wolfgang workbench workbench1 workbench123
xxxxxxxx yankees1 yellow123 yuantuo2012 zaq12wsx zaq1xsw2 zaq1zaq1 zxc123456 zxcvbnm1 zxcvbnm123
zxcvbnmasd zxczxczxc
"""

COMMONEST = frozenset(_IN_LOWER_CASE.split())
"""Some hundred of them, from the lists of leaked passwords that every attack starts with."""
