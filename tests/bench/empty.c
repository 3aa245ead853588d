/* SPDX-License-Identifier: MIT */
/* empty: what a process costs that does nothing.
 *
 *	spawn 5 100 -- empty */
int main(void)
{
	return 0;
}
